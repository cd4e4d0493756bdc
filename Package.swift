// swift-tools-version: 6.2
import PackageDescription

/// One list for every target: Swift 6 mode comes from the tools version, these go beyond it.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let http1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "skirret",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CeleryProtocol", targets: ["CeleryProtocol"]),
        .library(name: "SkirretRedis", targets: ["SkirretRedis"]),
        .library(name: "Skirret", targets: ["Skirret"]),
        .library(name: "SkirretTesting", targets: ["SkirretTesting"]),
        .library(name: "Ingest", targets: ["Ingest"]),
        .executable(name: "skirret", targets: ["SkirretCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Values: no I/O, nothing of ours.
        .target(name: "CeleryProtocol", dependencies: ["CZlib"], swiftSettings: settings),

        // One resource each: values only, never another owner.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLzma", providers: [.apt(["liblzma-dev"])]),
        .target(name: "CSpawn"),
        .target(
            name: "SkirretRedis",
            dependencies: ["CHiredis", log, .product(name: "NIOSSL", package: "swift-nio-ssl")] + nio,
            swiftSettings: settings),
        .target(
            name: "Catalog",
            dependencies: ["CeleryProtocol", .product(name: "GRDB", package: "GRDB.swift")],
            resources: [.embedInCode("Migrations/SQL")], swiftSettings: settings),
        .target(
            name: "PluginRuntime", dependencies: ["CeleryProtocol", "CSpawn", log] + nio,
            resources: [.copy("Python")], swiftSettings: settings),
        .target(
            name: "Relay",
            dependencies: ["CeleryProtocol", log, .product(name: "NIOWebSocket", package: "swift-nio")] + nio,
            swiftSettings: settings),

        // The engine.
        .target(
            name: "Skirret", dependencies: ["CeleryProtocol", "SkirretRedis", log],
            resources: [.embedInCode("Scripts")], swiftSettings: settings),
        .target(
            name: "SkirretTesting", dependencies: ["CeleryProtocol", "Skirret", "SkirretRedis", log] + nio,
            swiftSettings: settings),

        // The domain.
        .target(
            name: "Ingest",
            dependencies: [
                "CeleryProtocol", "CLibCrypto", "CLibXML2", "CZlib", "CLzma", log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"), http1,
            ] + nio,
            swiftSettings: settings),

        // The meeting place.
        .target(
            name: "API",
            dependencies: [
                "CeleryProtocol", "CLibCrypto", "CZlib", "SkirretRedis", "Skirret", "Catalog", "PluginRuntime", "Relay",
                "Ingest", log,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                http1,
            ] + nio,
            resources: [.copy("Web"), .embedInCode("Scripts")], swiftSettings: settings),
        .executableTarget(
            name: "SkirretCLI",
            dependencies: [
                "CeleryProtocol", "SkirretRedis", "Skirret", "SkirretTesting", "Catalog", "PluginRuntime", "Relay",
                "Ingest", "API", "CHiredis", "CSpawn", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),

        .testTarget(name: "CeleryProtocolTests", dependencies: ["CeleryProtocol"], swiftSettings: settings),
        .testTarget(
            name: "SkirretRedisTests", dependencies: ["SkirretRedis", "SkirretTesting", log] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "SkirretTests", dependencies: ["Skirret", "SkirretTesting", "SkirretRedis", "CeleryProtocol", log],
            swiftSettings: settings),
        .testTarget(
            name: "CatalogTests",
            dependencies: ["Catalog", "CeleryProtocol", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings),
        .testTarget(
            name: "PluginRuntimeTests", dependencies: ["PluginRuntime", "CeleryProtocol", "CSpawn", log] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "RelayTests",
            dependencies: ["Relay", log, .product(name: "NIOWebSocket", package: "swift-nio")] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "IngestTests", dependencies: ["Ingest", "CeleryProtocol", log] + nio, swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "SkirretTesting", "Skirret", "SkirretRedis", "CeleryProtocol", "Catalog", "PluginRuntime",
                "Relay", log, http1, .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ] + nio,
            swiftSettings: settings),
    ]
)
