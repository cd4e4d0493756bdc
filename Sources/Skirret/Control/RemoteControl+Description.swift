import CeleryProtocol
import Foundation
import SkirretRedis
import Synchronization

/// What the worker says of itself: stats, conf, report, memory.
extension RemoteControl {
    private var pid: Int { Int(ProcessInfo.processInfo.processIdentifier) }

    var stats: JSONValue {
        var total = JSONObject()
        for (name, count) in events.processed.sorted(by: { $0.key < $1.key }) { total[name] = .int(count) }
        return [
            "total": .object(total), "pid": .int(pid), "clock": .string(String(events.tick())),
            "uptime": .int(Int(Date().timeIntervalSince(began))),
            "pool": [
                "implementation": "skirret:Worker", "max-concurrency": .int(worker.concurrency),
                "processes": [.int(pid)], "max-tasks-per-child": "N/A", "put-guarded-by-semaphore": false,
                "timeouts": [0, 0],
                "writes": [
                    "total": .int(events.processed.values.reduce(0, +)), "avg": "0.00", "all": "", "raw": "",
                    "strategy": nil, "inqueues": ["total": 0, "active": 0],
                ],
            ],
            "broker": broker, "prefetch_count": .int(worker.concurrency), "rusage": Self.resources,
        ]
    }

    /// Without the password.
    private var broker: JSONValue {
        let (host, port): (String, JSONValue) =
            switch queue.url.address {
            case .tcp(let host, let port): (host, .int(port))
            case .unix(let path): (path, .null)
            case .sentinel(let sentinels): (sentinels.description, .null)
            }
        return [
            "hostname": .string(host), "userid": queue.url.username.map(JSONValue.string) ?? .null,
            "virtual_host": .string(String(queue.url.database)), "port": port, "insist": false,
            "ssl": .bool(queue.url.usesTLS), "transport": "redis", "connect_timeout": 4,
            "transport_options": transportOptions, "login_method": nil, "uri_prefix": nil, "heartbeat": 0,
            "failover_strategy": "round-robin", "alternates": [], "credential_provider": nil,
        ]
    }

    private var transportOptions: JSONValue {
        var options: JSONObject = ["visibility_timeout": .double(self.options.visibilityTimeout.seconds)]
        if !queue.keys.prefix.isEmpty { options["global_keyprefix"] = .string(queue.keys.prefix) }
        return .object(options)
    }

    /// `getrusage`, under Python's names.
    private static var resources: JSONValue {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return [:] }
        func seconds(_ time: timeval) -> JSONValue { .double(Double(time.tv_sec) + Double(time.tv_usec) / 1e6) }
        return [
            "utime": seconds(usage.ru_utime), "stime": seconds(usage.ru_stime), "maxrss": .int(usage.ru_maxrss),
            "ixrss": .int(usage.ru_ixrss), "idrss": .int(usage.ru_idrss), "isrss": .int(usage.ru_isrss),
            "minflt": .int(usage.ru_minflt), "majflt": .int(usage.ru_majflt), "nswap": .int(usage.ru_nswap),
            "inblock": .int(usage.ru_inblock), "oublock": .int(usage.ru_oublock), "msgsnd": .int(usage.ru_msgsnd),
            "msgrcv": .int(usage.ru_msgrcv), "nsignals": .int(usage.ru_nsignals), "nvcsw": .int(usage.ru_nvcsw),
            "nivcsw": .int(usage.ru_nivcsw),
        ]
    }

    // MARK: settings

    /// Under Celery's names; passwords are masked.
    func configuration(withDefaults: Bool) -> JSONValue {
        var settings: JSONObject = [
            "broker_url": .string(Self.masked(queue.url)), "result_backend": .string(Self.masked(queue.backendURL)),
            "task_default_queue": .string(queue.defaultQueue.rawValue),
            "broker_transport_options": transportOptions,
            "worker_concurrency": .int(worker.concurrency), "task_acks_late": true,
        ]
        guard withDefaults else { return .object(settings) }
        settings.merge([
            "accept_content": ["json"], "task_serializer": "json", "result_serializer": "json", "enable_utc": true,
            "timezone": "UTC", "result_expires": .int(queue.resultSeconds),
            "task_track_started": .bool(options.tracksStarted),
            "task_queues": .array(worker.queues.map { JSONValue($0) }),
            "worker_send_task_events": .bool(options.sendsTaskEvents), "worker_prefetch_multiplier": 1,
            "worker_enable_remote_control": true, "task_reject_on_worker_lost": true,
            "control_exchange": "celery", "event_exchange": "celeryev",
            "skirret_remote_control": .string(options.remoteControl.description),
            "skirret_lease": .double(options.lease.seconds), "skirret_heartbeat": .double(options.heartbeat.seconds),
        ])
        return .object(settings)
    }

    private static func masked(_ url: RedisURL) -> String {
        var url = url
        if url.password != nil { url.password = "********" }
        return url.celeryText
    }

    /// In the shape of Celery's `report`.
    var report: String {
        var lines = [
            "", "software -> skirret:\(Release.version) swift:6",
            "platform -> system:Linux host:\(ProcessInfo.processInfo.hostName)",
            "settings -> transport:redis results:\(Self.masked(queue.backendURL))", "",
        ]
        for (name, value) in configuration(withDefaults: true).object ?? [:] {
            lines.append("\(name): \(pythonRepr(value))")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// How much memory the process held whenever somebody asked.
final class MemorySamples: Sendable {
    private let samples = Mutex<[String]>([])
    /// More than anybody looks at.
    private static let most = 1_000

    /// Memory in use now, as `12.3MB`; nil where the system does not say.
    func sample() -> String? {
        // Linux only: pages in memory are the second number.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),  // nil says the same
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        let megabytes = Double(pages * sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
        let sample = "\((megabytes * 10).rounded() / 10)MB"
        samples.withLock { samples in
            samples.append(sample)
            if samples.count > Self.most { samples.removeFirst() }
        }
        return sample
    }

    /// The samples, spread evenly over all that were taken.
    func dump(_ count: Int) -> String {
        let all = samples.withLock { $0 }
        guard !all.isEmpty else { return "- rss: (no samples; ask memsample first).\n" }
        let step = Swift.max(1, all.count / Swift.max(1, Swift.min(count, all.count)))
        let shown = stride(from: 0, to: all.count, by: step).map { "- rss: \(all[$0])" }
        return (["- rss (skirret):"] + shown + ["- rss (end): \(sample() ?? "?")."]).joined(separator: "\n") + "\n"
    }
}
