"""An inventory at a glance: how large it is, what flows where, in which countries, whose it is, what it leaves open."""

from derbes.atlas.flows import Flows, flows
from derbes.atlas.naming import names
from derbes.atlas.places import Places, places
from derbes.atlas.sizes import numbers, owners, sizes, unknown

__all__ = ["Flows", "Places", "flows", "names", "numbers", "owners", "places", "sizes", "unknown"]
