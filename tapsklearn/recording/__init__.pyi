from ._list_devices import list_devices as list_devices
from ._listen import listen as listen
from ._microphone import Microphone as Microphone
from ._microphone_error import MicrophoneError as MicrophoneError
from ._record_takes import record_takes as record_takes
from ._tap import Tap as Tap
from ._tap_trigger import TapTrigger as TapTrigger
