import CeleryProtocol
import Foundation
import Ingest
import Skirret

/// When a refresh that a schedule asked for is tried again before its next due time.
///
/// Only what may pass by itself is: a server that is away or busy. A refused log-in is not asked again and again. A
/// refresh that a person asked for ends with its failure, as the person is there to see it.
enum RefreshBackOff {
    /// What a second try answers when somebody refreshed the source meanwhile.
    static let notNeeded = "The source was refreshed meanwhile."
    /// Tries after the first: after 5, 15 and 45 minutes, about.
    private static let tries = 3

    /// How long to wait; nil: the failure is final.
    ///
    /// With a fifth of jitter, as a provider's outage meets all its accounts at once.
    static func pause(after error: Ingest.RefreshError, _ context: TaskContext) -> Duration? {
        guard error.isTransient, context.headers.fields["celery_beat_task"]?.bool == true, context.retries < tries
        else { return nil }
        let minutes = [5.0, 15, 45][context.retries]
        return .seconds((minutes * 60 * Double.random(in: 0.9...1.1)).rounded())
    }

    /// The source's `last_message` until then.
    static func message(_ error: Ingest.RefreshError, _ pause: Duration) -> String {
        let minutes = Int((pause / .seconds(60)).rounded())
        return "\(error.message) Trying again in \(minutes) minutes."
    }
}
