import Catalog

extension Schedule: ScheduleRow {}
