from ._check_takes import check_takes as check_takes
from ._errors import FolderError as FolderError
from ._fetch_hammer_floor import fetch_hammer_floor as fetch_hammer_floor
from ._find_recordings import find_recordings as find_recordings
from ._label_boards import label_boards as label_boards
from ._load_takes import load_takes as load_takes
from ._read_long_table import read_long_table as read_long_table
from ._truth import Truth as Truth
