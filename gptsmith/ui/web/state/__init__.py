"""What the page knows and does, without Streamlit: the one door to the rest of gptsmith."""
