"""Channels, the streams behind them, their groups, profiles, logos and recordings."""

from core.utils import RedisClient

from .channels import Channel, ChannelOverride, ChannelStream
from .groups import ChannelGroup, ChannelGroupM3UAccount
from .logos import Logo
from .profiles import ChannelProfile, ChannelProfileMembership
from .recordings import Recording, RecurringRecordingRule
from .streams import Stream

# RedisClient is none of ours, but Dispatcharr's module happens to have it, and plugins take it from here.
__all__ = (
    "Channel", "ChannelGroup", "ChannelGroupM3UAccount", "ChannelOverride", "ChannelProfile",
    "ChannelProfileMembership", "ChannelStream", "Logo", "Recording", "RecurringRecordingRule", "RedisClient", "Stream",
)  # fmt: skip
