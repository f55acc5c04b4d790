from ._about import read_about as read_about
from ._errors import ModelFileError as ModelFileError
from ._load import load as load
from ._save import save as save
