"""People: Streamlit pages, the command line, and the composition root."""
