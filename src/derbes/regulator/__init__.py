"""Everything a regulator may ask for on one day's notice, in one file."""

from derbes.regulator.dossier import Dossier, dossier
from derbes.regulator.missing import missing
from derbes.regulator.packing import pack

__all__ = ["Dossier", "dossier", "missing", "pack"]
