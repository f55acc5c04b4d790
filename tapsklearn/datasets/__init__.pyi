from ._check_takes import check_takes as check_takes
from ._errors import FolderError as FolderError
from ._load_takes import load_takes as load_takes
