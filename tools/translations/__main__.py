"""Checks the translations, or brings the catalogue up to date.

python -m tools.translations          what `make lint` runs
python -m tools.translations update   after texts were added or changed; then translate them
"""

import sys

from tools.translations import catalogue, unwrapped

if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        catalogue.update()
    found = [*unwrapped.problems(), *catalogue.problems()]
    print("\n".join(found) or "Every text is translated.")
    sys.exit(bool(found))
