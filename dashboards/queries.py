"""Every query a page may run: parameters in, a typed frame out, no Streamlit."""
