import CeleryProtocol
import Foundation
import Synchronization
import Testing

@testable import Ingest

@Suite("Schedules Direct's artwork") struct DirectArtworkTests {
    private typealias Direct = DirectRefreshTests

    private static func image(_ uri: String, _ aspect: String, _ category: String, _ width: Int, primary: Bool = false)
        -> JSONObject
    {
        [
            "uri": .string(uri), "aspect": .string(aspect), "category": .string(category), "width": .int(width),
            "primary": .string(primary ? "true" : "false"),
        ]
    }

    private static let images = [
        image("small", "2x3", "Iconic", 120), image("iconic", "2x3", "Iconic", 480),
        image("banner", "3x4", "Banner-L2", 240), image("scene", "16x9", "Iconic", 1920),
        image("primary", "16x9", "Staple", 960, primary: true), image("square", "1x1", "Logo", 300),
        ["aspect": "2x3", "category": "Iconic", "width": 9999],
    ]

    @Test(
        arguments: [
            ("sd_recommended", "primary"), ("what is this", "primary"), ("portrait_iconic", "iconic"),
            ("portrait_banner", "banner"), ("landscape_iconic", "scene"), ("landscape_banner", "primary"),
            ("square_iconic", "square"),
        ])
    func `a style chooses shape and kind, then what is wide enough`(style: String, chosen: String) {
        let address = DirectArtwork(style: style).address(Self.images, base: "https://sd")
        #expect(address == "https://sd/image/\(chosen)")
    }

    @Test func `without a recommendation it is an upright picture, and nothing of another scheme`() {
        let artwork = DirectArtwork(style: DirectArtwork.recommended)
        let unmarked = Self.images.filter { $0["primary"] != "true" }
        #expect(artwork.address(unmarked, base: "b") == "b/image/iconic")
        #expect(
            artwork.address([Self.image("https://i.example/x.jpg", "2x3", "Iconic", 1)], base: "b")
                == "https://i.example/x.jpg")
        #expect(artwork.address([Self.image("javascript://x", "2x3", "Iconic", 1)], base: "b") == nil)
        #expect(artwork.address([], base: "b") == nil)
    }

    @Test func `episodes show their series' artwork`() {
        #expect(DirectArtwork.owner(of: "EP012345670042") == "SH012345670000")
        #expect(DirectArtwork.owner(of: "MV000000010000") == "MV000000010000")
        #expect(DirectArtwork.owner(of: "EP1") == "EP1")
    }

    private static let artwork =
        #"[{"programID":"EP1","data":[{"uri":"assets/p1.jpg","width":"240","aspect":"2x3","category":"Iconic"}]},{"programID":"MV2","data":{"code":5000,"message":"none"}}]"#

    @Test func `artwork is read once for each programme, when the source wants it`() async throws {
        let answers = Direct.server(["POST /metadata/programs": RawServer.Step.answer(200, Array(Self.artwork.utf8))])
        try await RawServer.with(answering: answers) { server in
            let desk = Desk(Direct.source(server.url()), mapped: ["1"])
            let unwanted = try await desk.refresh(.mapped, now: Direct.now)
            #expect(unwanted.artworks == 0 && desk.now.artwork.isEmpty)
            desk.state.withLock { $0.source.properties = ["fetch_posters": true] }
            #expect(try await desk.refresh(.mapped, now: Direct.now).artworks == 1)
            #expect(desk.now.artwork == [0: "\(server.url().dropLast())/image/assets/p1.jpg", 1: "-"])
            #expect(try await desk.refresh(.mapped, now: Direct.now).artworks == 0)
            let questions = server.requests.filter { $0.hasPrefix("POST /metadata/programs") }
            #expect(questions.count == 1 && questions.first?.hasSuffix(#"["EP1","MV2"]"#) == true)
        }
    }

    @Test func `a guide does not fail for want of its pictures`() async throws {
        let answers = Direct.server(["POST /metadata/programs": RawServer.Step.answer(500)])
        try await RawServer.with(answering: answers) { server in
            let desk = Desk(Direct.source(server.url()) { $0.properties = ["fetch_posters": true] }, mapped: ["1"])
            let report = try await desk.refresh(.mapped, now: Direct.now)
            #expect(report.programmes == 2 && report.artworks == 0)
            #expect(desk.now.reports.last?.0 == .success && desk.now.artwork.isEmpty)
        }
    }
}
