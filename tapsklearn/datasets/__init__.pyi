from ._check_takes import check_takes as check_takes
from ._errors import FolderError as FolderError
from ._files import list_folder as list_folder
from ._load_takes import load_takes as load_takes
from ._truth import Truth as Truth
