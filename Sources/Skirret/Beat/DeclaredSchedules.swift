/// Schedules that a program declares in its code.
struct DeclaredSchedules: ScheduleStore {
    let scope: String
    private let tasks: [ScheduledTask]

    init(_ tasks: [ScheduledTask], scope: String) {
        let names = tasks.map(\.name)
        precondition(Set(names).count == names.count, "two schedules have one name: \(names.sorted())")
        self.tasks = tasks
        self.scope = scope
    }

    func changeMark() async throws -> String { "declared" }

    func schedules() async throws -> [ScheduledTask] { tasks }

    /// Nothing to note: Redis remembers what fired, and so what is over.
    func record(_ runs: [ScheduleRun]) async throws {}
}
