"""What happened to a recorded customer, event by event, as rules name the events?"""

from journey.histories.event import History, HistoryEvent
from journey.histories.history import HistoryBuilder

__all__ = ["History", "HistoryBuilder", "HistoryEvent"]
