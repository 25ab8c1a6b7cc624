from tests.pipeline.conftest import finished as finished
