"""The stories planted in the sample company's data: when each happens and how large it is.

`data/README.md` tells them in words; nothing else in the data is meant to change.
"""

from __future__ import annotations

from datetime import date

COMPANY = "Hazel & Quill"

# 1. The service desk of one region loses people; answers slow down, then satisfaction falls, then custom.
SLOW_REGION = "North"
SLOW_FROM = date(2025, 7, 1)
SLOW_FACTOR = 4.5  # times the usual time to the first response
CALLS_AGAIN = 1.7  # times the usual number of contacts: customers ask where the answer is
UNHAPPY_FROM = date(2025, 8, 1)
LEAVING_FROM = date(2025, 8, 8)  # it shows in who is still active from September on
LEAVING_ORDERS_KEPT = 0.70  # share of the orders that customers of the region still place
LEAVING_MEAN_DAYS = 160  # mean time to an additional end of the relation

# 2. Leads convert worse within every source, while more of them come from the sources that convert well.
LEADS_FROM = date(2025, 5, 1)
WIN_CHANCE_BEFORE = {
    "Search": 0.29,
    "Social": 0.115,
    "Referral": 0.505,
    "Partner": 0.43,
    "Trade fair": 0.26,
}
WIN_CHANCE_FACTOR = 0.74
LEAD_MIX_BEFORE = {"Search": 0.35, "Social": 0.30, "Referral": 0.15, "Partner": 0.10, "Trade fair": 0.10}
LEAD_MIX_AFTER = {"Search": 0.28, "Social": 0.10, "Referral": 0.34, "Partner": 0.21, "Trade fair": 0.07}

# 3. A category is out of stock.
STOCK_OUT_CATEGORY = "Chairs"
STOCK_OUT_FROM = date(2025, 8, 11)
STOCK_OUT_TO = date(2025, 9, 8)  # the first day with stock
STOCK_OUT_LEFT = 0.02  # share of the category's lines that is still delivered
STOCK_OUT_SUBSTITUTED = 0.35  # share of the other lines for which something else is bought
STOCK_OUT_POSTPONED = 0.30  # share of the orders lost entirely that come later
STOCK_OUT_CATCH_UP_DAYS = 35

# 4. One campaign works and one does not (see campaigns.py for what was spent).
REACTIVATION_LIFT = 0.095  # added to the buy rate of those addressed
REACTIVATION_FROM = date(2025, 9, 3)
FAILED_CAMPAIGN_FROM = date(2025, 6, 2)

# 6. The largest account ends.
KEY_ACCOUNT_REGION = "East"
KEY_ACCOUNT_LAST_ORDER = date(2025, 6, 26)
KEY_ACCOUNT_LEFT = date(2025, 7, 14)
KEY_ACCOUNT_ORDERS_PER_DAY = 0.85
KEY_ACCOUNT_SPEND = 2.7  # quantities, against an average company's

# 7. A competitor gains.
GAINING_COMPETITOR = "Copperlane Office"
GAIN_FROM = date(2025, 3, 1)
GAIN_POINTS = 3.0  # percentage points of the market
MARKET_BOOST = 1.05  # the market grows by part of what the competitor adds
