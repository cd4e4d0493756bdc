"""Tasks of M3U and Xtream Codes accounts. The work is Swift's; see `skirret_host.native`."""

from skirret_host.native import native, not_offered


@native
def refresh_m3u_accounts():
    """Queues a refresh for every active account."""


@native(time_limit=3600, soft_time_limit=3500)
def refresh_single_m3u_account(account_id):
    """Downloads, parses and stores one account's streams. Sends `m3u_refresh`."""


@native
def refresh_m3u_groups(account_id, use_cache=False, full_refresh=False, scan_start_time=None):
    """Downloads one account's list and updates its groups only."""


@native
def sync_auto_channels(account_id, scan_start_time=None):
    """Creates, updates and removes the channels that follow an account's groups."""


@native
def refresh_account_profiles(account_id):
    """Asks an Xtream Codes server about each profile of an account."""


@native
def refresh_account_info(profile_id):
    """Asks an Xtream Codes server about one profile. Sends `account_info_refresh_success` or `…_error`."""


@native
def check_account_expirations():
    """Notifies about accounts that expire soon."""


process_groups, cleanup_streams, process_m3u_batch_direct, collect_xc_streams = not_offered(
    "process_groups",
    "cleanup_streams",
    "process_m3u_batch_direct",
    "collect_xc_streams",
    reason="it is a step inside a refresh. Call refresh_single_m3u_account(account_id) for the whole of it.",
)
