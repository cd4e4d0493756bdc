import Catalog

// Two targets use the same plain word for different things; here is where they meet.
typealias ScheduleRow = Schedule
typealias CatalogGuideRefresh = GuideRefresh
