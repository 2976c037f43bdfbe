# The study's files, read strictly before the workflow takes their values. No rule lives here.
import os
import sys
from pathlib import Path

# Not the library that may be installed, but the one beside these rules; in the scripts of the
# rules, too, which are processes of their own.
LIBRARY = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(LIBRARY))
OTHERS = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
os.environ.update(PYTHONPATH=os.pathsep.join(dict.fromkeys([str(LIBRARY), *OTHERS])))
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
