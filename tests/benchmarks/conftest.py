from tests.pipeline.conftest import finished as finished
from tests.pipeline.conftest import tiny_config as tiny_config
