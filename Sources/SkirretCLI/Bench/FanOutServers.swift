import API
import CeleryProtocol
import Foundation
import Logging
import SkirretRedis
import SkirretTesting

/// Something that sends what is published to all who listen.
protocol FanOutServer {
    var name: String { get }
    var port: Int { get }
    /// Of the WebSocket, query included.
    var path: String { get }
    /// The process that holds the sockets.
    var pid: Int32 { get }
    /// Publishes so many events, so many a second; as fast as it takes them when that is nil.
    func publish(_ count: Int, perSecond: Double?) async throws
    func stop() async
}

/// Our relay, behind the API, as `skirret api` runs it.
struct OurRelay: FanOutServer {
    let name = "Skirret"
    let port: Int
    let path: String
    private let process: BenchProcess
    private let bus: EventBus
    private let redis: RedisClient
    var pid: Int32 { process.pid }

    static func start(redis bench: BenchRedis, in folder: URL) async throws -> OurRelay {
        let (token, port) = ("bench-\(UUID().uuidString)", try freePort())
        let url = bench.server.url
        let process = try BenchProcess.start(
            "/proc/self/exe",
            [
                "api", "--data-dir", folder.appending(path: "ours").path, "--port", String(port), "--redis-url",
                "redis://127.0.0.1:\(bench.port)/0", "--log-level", "warning",
            ], environment: ["SKIRRET_ADMIN_TOKEN": token], in: folder)
        try await process.isListening(on: port)
        let redis = RedisClient(url)
        let logger = Logger(label: "bench")
        return OurRelay(
            port: port, path: "/ws/?token=\(token)", process: process,
            bus: EventBus(redis: redis, subscriber: RedisSubscriber(url), logger: logger), redis: redis)
    }

    func publish(_ count: Int, perSecond: Double?) async throws {
        try await paced(count, perSecond) {
            try await bus.publish(["type": "bench", "at": .int(BenchTasks.monotonicNanoseconds)])
        }
    }

    func stop() async {
        await redis.close()
        await process.stop()
    }
}

/// nchan's module on nginx: publishing is a POST.
struct Nchan: FanOutServer {
    let name = "nchan"
    let port: Int
    let path = "/listen"
    private let process: BenchProcess
    /// Of the worker, which is nginx's child.
    let pid: Int32

    static func start(nginx: String, in folder: URL) async throws -> Nchan {
        let port = try freePort()
        let configuration = """
            load_module modules/ngx_nchan_module.so;
            daemon off; worker_processes 1; error_log stderr error; pid \(folder.path)/nginx.pid;
            events { worker_connections 8192; }
            http {
              access_log off; client_body_temp_path \(folder.path); proxy_temp_path \(folder.path);
              fastcgi_temp_path \(folder.path); uwsgi_temp_path \(folder.path); scgi_temp_path \(folder.path);
              server {
                listen 127.0.0.1:\(port); keepalive_requests 1000000;
                location = /publish { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 2000; }
                location = /listen { nchan_subscriber websocket; nchan_channel_id bench;
                                     nchan_subscriber_first_message newest; }
              }
            }
            """
        let file = folder.appending(path: "nginx.conf")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        let process = try BenchProcess.start(nginx, ["-c", file.path, "-p", "/usr/share/nginx"], in: folder)
        try await process.isListening(on: port)
        return Nchan(port: port, process: process, pid: process.child ?? process.pid)
    }

    func publish(_ count: Int, perSecond: Double?) async throws {
        let client = try HTTPProbe(port: port)
        try await paced(count, perSecond) {
            let event = #"{"type":"bench","at":\#(BenchTasks.monotonicNanoseconds)}"#
            try client.ask(HTTPProbe.request("/publish", body: event))
        }
    }

    func stop() async { await process.stop() }
}

/// Django Channels with channels_redis, behind uvicorn.
struct Channels: FanOutServer {
    let name = "Channels"
    let port: Int
    let path = "/ws/"
    private let process: BenchProcess
    private let python: String
    private let folder: URL
    private let redis: Int
    var pid: Int32 { process.pid }

    private static let app = """
        import asyncio, os, sys, time
        from django.conf import settings
        settings.configure(SECRET_KEY="bench", CHANNEL_LAYERS={"default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [os.environ["BENCH_REDIS"]], "capacity": 2000}}})
        import django
        django.setup()
        from channels.generic.websocket import AsyncWebsocketConsumer
        from channels.layers import get_channel_layer
        class Listener(AsyncWebsocketConsumer):
            async def connect(self):
                await self.channel_layer.group_add("updates", self.channel_name)
                await self.accept()
            async def update(self, event): await self.send(text_data=event["text"])
        application = Listener.as_asgi()
        async def publish(count, rate):
            layer, began = get_channel_layer(), time.monotonic()
            for n in range(count):
                if rate: await asyncio.sleep(max(0, began + n / rate - time.monotonic()))
                text = '{"type":"bench","at":%d}' % time.monotonic_ns()
                await layer.group_send("updates", {"type": "update", "text": text})
        if __name__ == "__main__": asyncio.run(publish(int(sys.argv[1]), float(sys.argv[2])))
        """

    static func start(python: String, redis: Int, in folder: URL) async throws -> Channels {
        try app.write(to: folder.appending(path: "bench_channels.py"), atomically: true, encoding: .utf8)
        let port = try freePort()
        let process = try BenchProcess.start(
            python, ["-m", "uvicorn", "bench_channels:application", "--port", String(port), "--log-level", "error"],
            environment: ["BENCH_REDIS": "redis://127.0.0.1:\(redis)/0"], in: folder)
        try await process.isListening(on: port)
        return Channels(port: port, process: process, python: python, folder: folder, redis: redis)
    }

    func publish(_ count: Int, perSecond: Double?) async throws {
        let publisher = try BenchProcess.start(
            python, ["bench_channels.py", String(count), String(perSecond ?? 0)],
            environment: ["BENCH_REDIS": "redis://127.0.0.1:\(redis)/0"], in: folder)
        guard await publisher.exitStatus() == 0 else {
            throw BenchFailure("\(python) could not publish: does it have django, channels, channels_redis, uvicorn?")
        }
    }

    func stop() async { await process.stop() }
}

/// Calls so many times, so many a second; one after the other without pause when that is nil.
private func paced(_ count: Int, _ perSecond: Double?, _ body: () async throws -> Void) async throws {
    let began = ContinuousClock.now
    for number in 0..<count {
        // The rate is what is asked for: no condition could stand for it.
        if let perSecond { try await Task.sleep(until: began + .seconds(Double(number) / perSecond)) }
        try await body()
    }
}
