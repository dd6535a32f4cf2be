"""JupyterLab's settings when `scripts/lab` opens it: its jobs render reports, and its files stay in the project."""

import shutil
from pathlib import Path

from handover import fonts
from handover.project import Project

project = Project.find()
own = project.root / ".handover" / "lab"
own.mkdir(parents=True, exist_ok=True)

c = get_config()  # noqa: F821 Jupyter provides it
c.ServerApp.root_dir = str(project.root)
c.LabApp.extra_labextensions_path = [str(Path(__file__).with_name("labextension"))]
# labextension/ sets charts in these
c.ServerApp.extra_static_paths = [str(fonts.folder(family)) for family in (fonts.SANS, fonts.ARABIC)]
c.LabApp.default_url = f"/lab/tree/{project.notebooks.name}"

c.SchedulerApp.environment_manager_class = "handover.lab.scheduler.HandoverEnvironmentManager"
c.SchedulerApp.scheduler_class = "handover.lab.scheduler.HandoverScheduler"
c.SchedulerApp.db_url = f"sqlite:///{own / 'jobs.sqlite'}"
c.HandoverScheduler.execution_manager_class = "handover.lab.scheduler.HandoverExecutionManager"
c.HandoverScheduler.staging_path = str(own / "staging")

# the export menu shows what works: these need LaTeX or a browser, and these pandoc
absent = ["PDFExporter", "WebPDFExporter", "QtPDFExporter", "QtPNGExporter"]
absent += [] if shutil.which("pandoc") else ["ASCIIDocExporter", "LatexExporter", "RSTExporter"]
for exporter in absent:
    c[exporter].enabled = False

# without encryption a kernel warns on the terminal
c.KernelManager.transport_encryption = "auto"

# no request leaves the machine; labextension/ switches off the news for the same reason
c.LabApp.extension_manager = "readonly"
c.LanguageServerManager.autodetect = False
