"""Navigation of the dashboard."""

import streamlit as st

from dashboards import data, runs
from dashboards.parts.app_pages import app_pages
from dashboards.parts.tables import style_tables

st.set_page_config(page_title="gristmill", layout="wide")
style_tables()
st.navigation(
    {
        "Platform": [
            st.Page(runs.page, title="Runs", url_path="runs", default=True),
            st.Page(data.page, title="Data", url_path="data"),
        ],
        "Apps": app_pages(),
    }
).run()
