"""The keys of a live proxy in Redis, by what they hold."""


class RedisKeys:
    """Names of keys. `channel_id` is the channel's UUID as text."""

    @staticmethod
    def _channel(channel_id, rest):
        return f"live:channel:{channel_id}:{rest}"

    @classmethod
    def channel_metadata(cls, channel_id):
        """HASH: what plays, since when, how; see `ChannelMetadataField`."""
        return cls._channel(channel_id, "metadata")

    @classmethod
    def channel_owner(cls, channel_id):
        """STRING: the worker that holds the connection to the source."""
        return cls._channel(channel_id, "owner")

    @classmethod
    def channel_stopping(cls, channel_id):
        """STRING, expires: every worker ends the channel while it is there."""
        return cls._channel(channel_id, "stopping")

    @classmethod
    def clients(cls, channel_id):
        """SET of client ids; may name some that are gone."""
        return cls._channel(channel_id, "clients")

    @classmethod
    def client_metadata(cls, channel_id, client_id):
        """HASH, expires: one viewer."""
        return cls._channel(channel_id, f"clients:{client_id}")

    @classmethod
    def client_stop(cls, channel_id, client_id):
        """STRING, expires: the viewer is cut off."""
        return cls._channel(channel_id, f"client:{client_id}:stop")

    @classmethod
    def last_client_disconnect(cls, channel_id):
        """STRING: Unix seconds when the last viewer left."""
        return cls._channel(channel_id, "last_client_disconnect_time")

    @classmethod
    def connection_attempt(cls, channel_id):
        """STRING: Unix seconds of the last attempt to reach the source."""
        return cls._channel(channel_id, "connection_attempt_time")

    @classmethod
    def last_data(cls, channel_id):
        """STRING: Unix seconds of the last byte from the source."""
        return cls._channel(channel_id, "last_data")

    @classmethod
    def switch_request(cls, channel_id):
        """STRING: a change of source that was asked for."""
        return cls._channel(channel_id, "switch_request")

    @classmethod
    def switch_status(cls, channel_id):
        """STRING: how that change goes."""
        return cls._channel(channel_id, "switch_status")

    @classmethod
    def transcode_active(cls, channel_id):
        """STRING: there while a process converts the stream."""
        return cls._channel(channel_id, "transcode_active")

    @classmethod
    def buffer_index(cls, channel_id):
        """STRING: the number of the newest chunk."""
        return cls._channel(channel_id, "input:buffer:index")

    @classmethod
    def buffer_chunk_prefix(cls, channel_id):
        """The beginning of every chunk's key."""
        return cls._channel(channel_id, "input:buffer:chunk:")

    @classmethod
    def buffer_chunk(cls, channel_id, chunk_index):
        """STRING, expires: the bytes of one chunk."""
        return f"{cls.buffer_chunk_prefix(channel_id)}{chunk_index}"

    @classmethod
    def chunk_timestamps(cls, channel_id):
        """ZSET: chunk numbers, scored by Unix seconds of arrival."""
        return cls._channel(channel_id, "input:buffer:chunk_timestamps")

    @classmethod
    def output_buffer_index(cls, channel_id, fmt):
        """STRING: the newest chunk of a converted stream."""
        return cls._channel(channel_id, f"output:{fmt}:buffer:index")

    @classmethod
    def output_buffer_chunk_prefix(cls, channel_id, fmt):
        """The beginning of every converted chunk's key."""
        return cls._channel(channel_id, f"output:{fmt}:buffer:chunk:")

    @classmethod
    def output_buffer_chunk(cls, channel_id, fmt, chunk_index):
        """STRING, expires: one chunk of a converted stream."""
        return f"{cls.output_buffer_chunk_prefix(channel_id, fmt)}{chunk_index}"

    @classmethod
    def output_chunk_timestamps(cls, channel_id, fmt):
        """ZSET: converted chunks, scored by Unix seconds."""
        return cls._channel(channel_id, f"output:{fmt}:buffer:chunk_timestamps")

    @classmethod
    def output_init(cls, channel_id, fmt):
        """STRING: the bytes a converted stream begins with."""
        return cls._channel(channel_id, f"output:{fmt}:init")

    @classmethod
    def output_state(cls, channel_id, fmt):
        """STRING: how a conversion goes."""
        return cls._channel(channel_id, f"output:{fmt}:state")

    @classmethod
    def output_owner(cls, channel_id, fmt):
        """STRING: the worker that converts."""
        return cls._channel(channel_id, f"output:{fmt}:owner")

    @staticmethod
    def events_channel(channel_id):
        """PUBSUB: one JSON object per event; see `EventType`."""
        return f"live:events:{channel_id}"

    @staticmethod
    def worker_heartbeat(worker_id):
        """STRING, expires: the worker lives."""
        return f"live:worker:{worker_id}:heartbeat"
