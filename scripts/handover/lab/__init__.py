"""JupyterLab: its *Notebook Jobs* render as `handover render` does, and publish."""

__all__: list[str] = []
