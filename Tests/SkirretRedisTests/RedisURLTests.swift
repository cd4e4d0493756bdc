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
                address: .tcp(host: "::1", port: 7000), username: "ann", password: "p:w", database: 2,
                tls: RedisTLS(verification: .none))
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
        ("rediss://host?ssl_cert_reqs=maybe", "ssl_cert_reqs"), ("rediss://host?ssl_check_hostname=x", "true or false"),
        ("redis+sentinel://a:26379/0", "master_name"), ("redis+sentinel:///0?master_name=m", "host"),
        ("sentinel://a;redis://b/0?master_name=m", "semicolon"),
    ])
    func `a bad URL is refused by the name of its bad part`(text: String, part: String) {
        let error = #expect(throws: RedisError.self) { try RedisURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    }

    @Test func `TLS options are Python's, and both spellings of each are read`() throws {
        let text =
            "rediss://host:6380/1?ssl_cert_reqs=CERT_OPTIONAL&ssl_check_hostname=false"
            + "&ssl_ca_certs=/etc/ssl/our%20ca.pem&ssl_certfile=/etc/c.pem&ssl_keyfile=/etc/k.pem"
        let url = try RedisURL(parsing: text)
        var expected = RedisTLS(verification: .optional, authorities: "/etc/ssl/our ca.pem")
        expected.checksHostname = false
        expected.certificate = "/etc/c.pem"
        expected.key = "/etc/k.pem"
        #expect(url.tls == expected)
        #expect(url.text == text)
        #expect(try RedisURL(parsing: "rediss://host?ssl_cert_reqs=none").tls == RedisTLS(verification: .none))
        #expect(try RedisURL(parsing: "rediss://host").text == "rediss://host:6379/0?ssl_cert_reqs=CERT_REQUIRED")
        #expect(try RedisURL(parsing: "redis://host?ssl_cert_reqs=none").tls == nil)
    }

    @Test(arguments: [
        "redis+sentinel://ann:pw@10.0.0.7,[::1]:26380/2?master_name=main",
        "sentinel://ann:pw@10.0.0.7:26379;sentinel://[::1]:26380/2?master_name=main",
        "sentinel://ann:pw@10.0.0.7:26379/2;sentinel://ann:pw@[::1]:26380?master_name=main&db=2",
    ])
    func `sentinels are read as we write them and as Celery does`(text: String) throws {
        let places = [RedisPlace(host: "10.0.0.7", port: 26379), RedisPlace(host: "::1", port: 26380)]
        let expected = RedisURL(
            address: .sentinel(RedisSentinels(places: places, master: "main")), username: "ann", password: "pw",
            database: 2)
        let url = try RedisURL(parsing: text)
        #expect(url == expected)
        #expect(url.text == "redis+sentinel://ann:pw@10.0.0.7:26379,[::1]:26380/2?master_name=main")
        #expect(url.celeryText == "sentinel://ann:pw@10.0.0.7:26379/2;sentinel://ann:pw@[::1]:26380/2")
        #expect(try RedisURL(parsing: url.text) == expected)
    }

    @Test func `the sentinels have passwords of their own, which are masked too`() throws {
        let text =
            "rediss+sentinel://a:1/0?master_name=m&sentinel_username=eve&sentinel_password=s%3Dt"
            + "&ssl_cert_reqs=CERT_REQUIRED"
        let url = try RedisURL(parsing: text)
        #expect(url.tls == RedisTLS())
        guard case .sentinel(let sentinels) = url.address else {
            Issue.record("not a Sentinel address: \(url)")
            return
        }
        #expect(sentinels.username == "eve")
        #expect(sentinels.password == "s=t")
        #expect(url.text == text)
        #expect("\(url)".contains("s=t") == false && "\(url)".contains("s%3Dt") == false)
    }

    @Test func `a password is masked unless asked for`() throws {
        let url = try RedisURL(parsing: "redis://ann:secret@host")
        #expect("\(url)" == "redis://ann:***@host:6379/0")
        #expect(url.text == "redis://ann:secret@host:6379/0")
        #expect(String(describing: RedisClient(url).url).contains("secret") == false)
    }
}
