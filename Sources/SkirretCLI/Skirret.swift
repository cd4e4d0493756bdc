import ArgumentParser
import Skirret

/// The one executable: every role and every tool of the operator is a subcommand.
@main
struct SkirretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skirret",
        abstract: "A background job system that speaks Celery's protocol, and a home for Dispatcharr plugins.",
        discussion: """
            EXAMPLES
              skirret serve                                  everything on one machine
              skirret worker --samples --redis redis://127.0.0.1:6379/0
              skirret call samples.add --args '[2,3]' --wait
              skirret doctor                                 what is missing, and how to mend it

            Every setting is a flag, an environment variable or a line in config/skirret.yaml, in this order;
            'skirret doctor --config' lists them with their origin.
            """,
        version: Release.version,
        subcommands: [
            ServeCommand.self, APICommand.self, WorkerCommand.self, BeatCommand.self, CallCommand.self,
            ResultCommand.self, RevokeCommand.self, StatusCommand.self, InspectCommand.self, ControlCommandLine.self,
            QueuesCommand.self, ExplainCommand.self, DeadCommand.self, SchedulesCommand.self, PluginsCommand.self,
            RefreshCommand.self, IngestCommand.self, TokenCommand.self, UsersCommand.self, NetworkCommand.self,
            DoctorCommand.self, BenchCommand.self,
        ])
}
