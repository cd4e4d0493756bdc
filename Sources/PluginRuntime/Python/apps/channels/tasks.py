"""Tasks of channels and recordings. The work is Swift's; see `skirret_host.native`."""

from skirret_host.native import native, renamed


@native
def match_epg_channels():
    """Finds a guide channel for every channel that has none. Sends `epg_match`."""


@native
def match_selected_channels_epg(channel_ids):
    """Finds guide channels for the given channels, also for those that have one."""


@native
def match_single_channel_epg(channel_id):
    """Finds a guide channel for one channel. Sends `single_channel_epg_match`."""


@renamed
def match_channels_to_epg(channel_ids=None):
    """Matches the given channels, or all that have no guide channel."""
    return match_epg_channels.s() if channel_ids is None else match_selected_channels_epg.s(channel_ids)


@native
def evaluate_series_rules(tvg_id=None):
    """Schedules the recordings that series rules ask for. Sends `recordings_refreshed`."""


@native
def reschedule_upcoming_recordings_for_offset_change():
    """Moves future recordings to the changed lead and trail times."""


@native
def rebuild_recurring_rule(rule_id, horizon_days=14):
    """Schedules one recurring rule's recordings anew."""


@native
def maintain_recurring_recordings():
    """Keeps every recurring rule scheduled ahead."""


@native
def purge_recurring_rule(rule_id):
    """Removes one recurring rule's future recordings."""


@native
def run_recording(recording_id, channel_id, start_time_str, end_time_str):
    """Records a channel. Goes to the queue `dvr`."""


@native
def recover_recordings_on_startup():
    """Resumes the recordings that a restart interrupted."""


@native
def comskip_process_recording(recording_id):
    """Cuts the commercials out of a recording. Sends `comskip_status`."""


@native
def prefetch_recording_artwork(recording_id):
    """Fetches a recording's poster. Sends `recording_updated`."""


@native
def bulk_create_channels_from_streams(stream_ids, channel_profile_ids=None, starting_channel_number=None):
    """Creates a channel per stream. Number None: the provider's or the next free; 0: the lowest free; N: from N."""


@native
def set_channels_names_from_epg(channel_ids):
    """Names channels like their guide channels."""


@native
def set_channels_logos_from_epg(channel_ids=None, epg_source_id=None):
    """Gives channels the logos of their guide channels."""


@native
def set_channels_tvg_ids_from_epg(channel_ids):
    """Gives channels the ids of their guide channels."""
