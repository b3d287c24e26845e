"""The Streamlit pages of gptsmith."""
