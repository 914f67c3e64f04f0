"""The portal's settings: the only reader of the environment, a file for each subject."""

from permitportal.environment import BASE_DIR
from permitportal.environment import PROBLEMS as ENVIRONMENT_PROBLEMS
from permitportal.settings.alerts import *
from permitportal.settings.background import *
from permitportal.settings.controller import *
from permitportal.settings.keys import *
from permitportal.settings.languages import *
from permitportal.settings.logs import *
from permitportal.settings.project import *
from permitportal.settings.security import *
from permitportal.settings.signin import *
