"""The words that a live proxy writes into Redis."""

REDIS_KEY_PREFIX = "live"
#: Seconds.
REDIS_TTL_DEFAULT = 3600
REDIS_TTL_MEDIUM = 300
REDIS_TTL_SHORT = 60

#: Bytes of one packet of a transport stream, and the first of them.
TS_PACKET_SIZE = 188
TS_SYNC_BYTE = 0x47


class ChannelState:
    """What a channel is doing: the field `state` of its metadata."""

    INITIALIZING = "initializing"
    CONNECTING = "connecting"
    BUFFERING = "buffering"
    WAITING_FOR_CLIENTS = "waiting_for_clients"
    ACTIVE = "active"
    ERROR = "error"
    STOPPING = "stopping"
    STOPPED = "stopped"

    PRE_ACTIVE = frozenset({INITIALIZING, CONNECTING, BUFFERING, WAITING_FOR_CLIENTS})


class EventType:
    """What is published on a channel's event topic: the field `event`."""

    STREAM_SWITCH = "stream_switch"
    STREAM_SWITCHED = "stream_switched"
    CHANNEL_STOP = "channel_stop"
    CHANNEL_STOPPED = "channel_stopped"
    CLIENT_CONNECTED = "client_connected"
    CLIENT_DISCONNECTED = "client_disconnected"
    CLIENT_STOP = "client_stop"
    ENSURE_OUTPUT_FORMAT = "ensure_output_format"
    ENSURE_OUTPUT_PROFILE = "ensure_output_profile"


class StreamType:
    """How a source is fetched: the field `stream_type`."""

    HLS = "hls"
    RTSP = "rtsp"
    UDP = "udp"
    TS = "ts"
    UNKNOWN = "unknown"


class ChannelMetadataField:
    """The fields of a channel's metadata and of its clients'. Each is called as it is spelled, in capitals."""

    AVG_RATE_KBPS = "avg_rate_KBps"
    CURRENT_RATE_KBPS = "current_rate_KBps"


for _field in (
    "url", "user_agent", "state", "owner", "stream_id", "channel_name", "stream_name", "channel_id", "channel_uuid",
    "logo_id", "stream_profile", "m3u_profile", "error_message", "error_time", "state_changed_at", "init_time",
    "connection_ready_time", "buffer_chunks", "total_bytes", "stream_switch_time", "stream_switch_reason",
    "ffmpeg_speed", "ffmpeg_fps", "actual_fps", "ffmpeg_output_bitrate", "ffmpeg_bitrate", "ffmpeg_stats_updated",
    "video_codec", "resolution", "width", "height", "source_fps", "pixel_format", "video_bitrate", "source_bitrate",
    "audio_codec", "sample_rate", "audio_channels", "audio_bitrate", "stream_type", "stream_info_updated",
    "connected_at", "last_active", "output_format", "bytes_sent", "ip_address", "worker_id", "chunks_sent",
    "stats_updated_at",
):  # fmt: skip
    setattr(ChannelMetadataField, _field.upper(), _field)
