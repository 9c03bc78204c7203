"""All rows of a list as a file: CSV, JSON lines or an Excel workbook, streamed."""

from exporting.endpoint import export_routes

__all__ = ["export_routes"]
