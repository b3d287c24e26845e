"""The look that Streamlit's own theme options cannot set: one constant style sheet, no text from anywhere else."""

from __future__ import annotations

import streamlit as st

_STYLE = """
<style>
  .stMainBlockContainer { padding-top: 4rem; padding-bottom: 4rem; max-width: 1120px; }
  .stMainBlockContainer:has(.st-key-narrow) { max-width: 900px; }
  .stMainBlockContainer:has(.st-key-wide) { max-width: 1500px; padding: 3.2rem 2rem 2rem; }
  h1 { font-size: 1.9rem !important; letter-spacing: -0.01em; }
  h2 { font-size: 1.3rem !important; }
  [class*="st-key-card-"] h3 { font-size: 1.15rem !important; padding: 0; }
  [class*="st-key-nav-"] button > div, .st-key-new-thread button > div, .st-key-threads button > div {
    justify-content: flex-start; text-align: left; width: 100%;
  }
  [class*="st-key-card-"] [class*="st-key-delete-"] p, .st-key-threads [class*="st-key-more-"] p,
  [class*="st-key-bare-"] button p {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  }
  .stColumn:has(.st-key-preview) { position: sticky; top: 3.4rem; align-self: flex-start; }
  .st-key-preview { --frame: max(15rem, calc(100vh - 24.6rem)); }
  .stTabs { --frame: max(18rem, calc(100vh - 23.2rem)); }
  .st-key-preview-frame, div:has(> .st-key-preview-frame), .st-key-builder-frame, div:has(> .st-key-builder-frame) {
    height: var(--frame) !important; flex: 0 0 auto !important; }
  div:has(> [class*="st-key-bar-"]) { position: sticky; top: 0; z-index: 20; }
  [class*="st-key-bar-"] { padding: 0.5rem 0; min-height: 3.4rem; backdrop-filter: blur(14px); }
  @media (min-width: 641px) { .st-key-quiet-arrival { margin-top: -2.2rem; } }
  .st-key-quiet-path p { overflow-wrap: anywhere; }
  [data-testid="stToastContainer"] { inset: auto auto 1rem 1rem !important; max-width: 16.5rem; }
  [data-testid="stToast"] { max-width: 100%; min-width: 0; }
  .stSidebar hr { margin: 0.6rem 0; }
  [data-testid="stBottomBlockContainer"] { max-width: 900px !important; }
  .stMain { scroll-padding-bottom: 10rem; }
  .st-key-browser { position: absolute; height: 0; overflow: hidden; }
  [data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {
    color: light-dark(#50575b, #b9bdbf) !important; opacity: 1 !important;
  }
  [data-testid="stExpander"] summary p { color: light-dark(#33393d, #dad9d4) !important; }
  [data-testid="stExpander"] summary, [data-testid="stExpander"] summary * { opacity: 1 !important; }
  button[kind^="primary"] { color: light-dark(#fff, #0d1f1a) !important; }
  button[kind^="primary"]:hover, button[kind^="primary"]:active {
    background-color: light-dark(#1f4d43, #84cdbd) !important; border-color: light-dark(#1f4d43, #84cdbd) !important;
  }
  [class*="st-key-actions-"] button { min-height: 2.2rem; }
  .st-key-passage .stMarkdownColoredBackground { background-color: rgba(240, 176, 60, 0.38) !important; padding: 0; }
  .stMarkdown p, .stMarkdown li { line-height: 1.6; }
  [class*="st-key-card-"] { height: 100%; }
  [class*="st-key-quiet"] p { font-size: 0.86rem; opacity: 0.82; }
  [class*="st-key-yaml"] textarea { font-family: "Source Code Pro", ui-monospace, monospace; font-size: 0.86rem; }
  .st-key-threads button { min-height: 2.1rem; padding-left: 0.6rem; padding-right: 0.4rem; }
  .st-key-threads button p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .stChatMessage { padding: 0.9rem 1rem; }
  button:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
  @media (max-width: 640px) {
    .stMainBlockContainer, .stMainBlockContainer:has(.st-key-wide) { padding: 4rem 1rem 2rem; }
    h1 { font-size: 1.5rem !important; }
    .stColumn:not(:has(.stElementContainer)) { display: none; }
  }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
</style>
"""


def apply() -> None:
    """Add the style sheet to the page."""
    st.html(_STYLE)
