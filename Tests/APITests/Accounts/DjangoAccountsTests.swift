import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

/// Real Django on the same database file, with the models that plugins see.
@Suite("Django's accounts", .timeLimit(.minutes(1))) struct DjangoAccountsTests {
    private static let folder: URL = {
        var folder = URL(filePath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path), folder.path != "/"
        {
            folder.deleteLastPathComponent()
        }
        return folder
    }()
    private static let python = folder.appending(path: ".venv/bin/python").path
    private static let hasDjango = FileManager.default.isExecutableFile(atPath: python)

    /// Runs Python with Django set up on the fixture's database, and returns what it printed.
    private func django(_ fixture: APIFixture, _ script: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: Self.python)
        process.arguments = ["-c", "import django; django.setup()\nfrom apps.accounts.models import User\n" + script]
        var environment = ProcessInfo.processInfo.environment
        environment["DJANGO_SETTINGS_MODULE"] = "dispatcharr.settings"
        environment["PYTHONPATH"] = Self.folder.appending(path: "Sources/PluginRuntime/Python").path
        environment["SKIRRET_DATABASE"] = fixture.services.catalog.path
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        let end = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in end.continuation.finish() }
        try process.run()
        for await _ in end.stream {}
        let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(.enabled(if: hasDjango, "no Django in .venv"))
    func `a person whom Django made signs in here, with their level`() async throws {
        try await APIFixture.withServer { fixture, client in
            let made = try await django(
                fixture,
                """
                User.objects.create_superuser(username="maria", password="grüße aus Wien", email="m@example.org")
                User.objects.create_user(username="locked", password=None)
                print(User.objects.get(username="maria").password.split("$")[1])
                """)
            #expect(made == "1000000")
            let answer = try await client.send(
                .post, "/api/accounts/token/", json: ["username": "maria", "password": "grüße aus Wien"], isAdmin: false
            )
            let access = try #require(answer.json["access"]?.string, "\(answer)")
            let me = try await client.send(.get, "/api/accounts/users/me/", as: access)
            #expect(me.json["user_level"] == 10 && me.json["is_superuser"] == true, "\(me)")
            for password in ["", "!", "grüße aus Linz"] {
                let locked = try await client.send(
                    .post, "/api/accounts/token/", json: ["username": "locked", "password": .string(password)],
                    isAdmin: false)
                #expect([400, 401].contains(locked.status))
            }
        }
    }

    @Test(.enabled(if: hasDjango, "no Django in .venv"))
    func `a person who was made here signs in at Django's, and a password changed there ends the sessions here`()
        async throws
    {
        try await APIFixture.withServer { fixture, client in
            let made = try await client.send(
                .post, "/api/accounts/users/",
                json: ["username": "sam", "password": "pässword one", "user_level": 1])
            #expect(made.status == 201)
            let access = try await client.send(
                .post, "/api/accounts/token/", json: ["username": "sam", "password": "pässword one"], isAdmin: false
            ).json["access"]?.string
            let token = try #require(access)
            #expect(try await client.send(.get, "/api/queues/", as: token).status == 200)
            let seen = try await django(
                fixture,
                """
                from django.contrib.auth import authenticate
                sam = authenticate(username="sam", password="pässword one")
                wrong = authenticate(username="sam", password="password one")
                print(sam.username, sam.user_level, sam.is_active, sam.custom_properties, wrong)
                sam.set_password("pässword two"); sam.save()
                """)
            #expect(seen == "sam 1 True {} None")
            #expect(try await client.send(.get, "/api/queues/", as: token).status == 401)
            let again = try await client.send(
                .post, "/api/accounts/token/", json: ["username": "sam", "password": "pässword two"], isAdmin: false)
            #expect(again.status == 200)
        }
    }
}
