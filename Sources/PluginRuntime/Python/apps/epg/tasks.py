"""Tasks of guide sources. The work is Swift's; see `skirret_host.native`."""

from skirret_host.native import native, not_offered


@native
def refresh_all_epg_data():
    """Refreshes every active source."""


@native(time_limit=14400)
def refresh_epg_data(source_id, force=False, _file_defer_retry=0):
    """Downloads, parses and stores one source's guide. Sends `epg_refresh`."""


@native(time_limit=3600, soft_time_limit=3500)
def parse_programs_for_tvg_id(epg_id, force=False, _defer_retry=0):
    """Stores the programmes of one guide channel, after a channel was mapped to it."""


@native
def build_programme_index_task(source_id):
    """Indexes where each channel's programmes lie in the stored guide."""


@native
def fetch_schedules_direct_stations(source_id):
    """Fetches the stations of a Schedules Direct source."""


@native
def fetch_sd_mapped_guide_batch(source_id, force=False, _defer_retry=0):
    """Fetches the guide of a Schedules Direct source's mapped stations."""


@native
def fetch_sd_guide_for_epg(epg_id, force=False, _defer_retry=0):
    """Fetches the guide of one Schedules Direct station."""


def parse_programs_for_source(epg_source, tvg_id=None):
    """Stores the programmes of a source: its refresh, from the stored file when that is still fresh."""
    return refresh_epg_data(epg_source.pk)


parse_channels_only, fetch_xmltv, fetch_schedules_direct = not_offered(
    "parse_channels_only",
    "fetch_xmltv",
    "fetch_schedules_direct",
    reason="it is a step inside a refresh. Call refresh_epg_data(source_id) for the whole of it.",
)
