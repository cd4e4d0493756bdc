import SkirretRedis
import Testing

@Suite("RedisURL") struct RedisURLTests {
    @Test(arguments: [
        ("redis://", RedisURL(address: .tcp(host: "localhost", port: 6379))),
        ("redis://10.0.0.5:7000/3", RedisURL(address: .tcp(host: "10.0.0.5", port: 7000), database: 3)),
        ("redis://:s%40cret@host", RedisURL(address: .tcp(host: "host", port: 6379), password: "s@cret")),
        (
            "rediss://ann:p:w@[::1]:7000?db=2&ssl_cert_reqs=none",
            RedisURL(
                address: .tcp(host: "::1", port: 7000), username: "ann", password: "p:w", database: 2, usesTLS: true)
        ),
        ("unix:///run/redis.sock?db=4", RedisURL(address: .unix(path: "/run/redis.sock"), database: 4)),
        ("unix://:pw@/run/a%20b.sock", RedisURL(address: .unix(path: "/run/a b.sock"), password: "pw")),
        (
            "redis+socket:///run/redis.sock?virtual_host=/1",
            RedisURL(address: .unix(path: "/run/redis.sock"), database: 1)
        ),
    ])
    func `every spelling of Celery and redis-py is read`(text: String, expected: RedisURL) throws {
        let url = try RedisURL(parsing: text)
        #expect(url == expected)
        #expect(try RedisURL(parsing: url.text) == expected)
        #expect(try RedisURL(parsing: url.celeryText) == expected)
    }

    @Test(arguments: [
        ("localhost:6379", "scheme"), ("http://host", "http"), ("redis://host:port", "port"),
        ("redis://host:70000", "65535"), ("redis://host/zero", "zero"), ("unix://run/redis.sock", "absolute"),
        ("redis://host?database=3", "database"), ("redis://:%zz@host", "hexadecimal"),
    ])
    func `a bad URL is refused by the name of its bad part`(text: String, part: String) {
        let error = #expect(throws: RedisError.self) { try RedisURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    }

    @Test func `Sentinel is refused by its name`() {
        let error = #expect(throws: RedisError.self) { try RedisURL(parsing: "redis+sentinel://a:26379/0") }
        #expect(error?.code == .unsupported)
    }

    @Test func `a password is masked unless asked for`() throws {
        let url = try RedisURL(parsing: "redis://ann:secret@host")
        #expect("\(url)" == "redis://ann:***@host:6379/0")
        #expect(url.text == "redis://ann:secret@host:6379/0")
        #expect(String(describing: RedisClient(url).url).contains("secret") == false)
    }
}
