from ._about import read_about as read_about
from ._errors import ModelFileError as ModelFileError
from ._export_onnx import export_onnx as export_onnx
from ._load import load as load
from ._save import save as save
