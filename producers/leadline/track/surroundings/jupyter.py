"""Notebooks: a kernel is one where ipykernel is imported; JupyterHub says whose it is."""

from .tool import Around, Tool


def look(around: Around) -> Tool | None:
    if "ipykernel.kernelapp" not in around.modules:
        return None
    ids = around.told(notebook="JPY_SESSION_NAME", server="JUPYTERHUB_SERVER_NAME", service="JUPYTERHUB_SERVICE_PREFIX")
    return Tool("jupyter", ids, actor=around.environ.get("JUPYTERHUB_USER", ""))
