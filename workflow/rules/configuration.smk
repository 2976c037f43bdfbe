# The study's files, read strictly before the workflow takes their values. No rule lives here.
import sys
from pathlib import Path

LIBRARY = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(LIBRARY))
from snakemake.exceptions import WorkflowError

from polyheads import strict_yaml
from polyheads.errors import UserError

# Snakemake has read the files of --configfile by now, but has kept no line and no second key.
try:
    for path in workflow.configfiles or ["config.yaml"]:
        strict_yaml.check_study(path)
except UserError as error:
    raise WorkflowError(str(error))

# Another study is given with --configfile; it then stands alone and is not mixed with this one.
if not workflow.configfiles:

    configfile: "config.yaml"
