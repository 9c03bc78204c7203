"""Rule V: when a party or a product is listed in the Client File overview.

The answer is kept on the row, so that the overview is one index scan however many have left. It
is worked out again under the locks of each change that bears on it.
"""

from typing import Final

# Who changes many holdings at once takes this advisory lock alone; who ends one, shared.
LISTING_LOCK: Final = 7_311_002

OWNS: Final = "h.role in ('OWNER', 'JOINT_OWNER') and h.ended_on is null"

# Of the party `p`: active, or the owner of a product that still is.
PARTY_LISTED: Final = (
    "(p.status = 'ACTIVE' or exists (select from holding h join product q on q.id = h.product_id"
    f" where h.party_id = p.id and {OWNS} and q.status = 'ACTIVE'))"
)

# Of the product `q`: active, or owned by a party that still is.
PRODUCT_LISTED: Final = (
    "(q.status = 'ACTIVE' or exists (select from holding h join party p on p.id = h.party_id"
    f" where h.product_id = q.id and {OWNS} and p.status = 'ACTIVE'))"
)
