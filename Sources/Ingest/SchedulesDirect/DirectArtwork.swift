import CeleryProtocol
import Logging

/// Which picture stands for a programme.
///
/// The service has dozens for one: posters, banners and scenes in several shapes. A source's `poster_style` says which
/// kind is wanted, in Dispatcharr's words: `sd_recommended`, `portrait_iconic`, `portrait_banner`, `landscape_iconic`,
/// `landscape_banner` or `square_iconic`.
struct DirectArtwork: Sendable {
    static let recommended = "sd_recommended"
    private static let posters: Set<String> = [
        "Iconic", "Banner-L1", "Banner-L2", "Banner-L3", "Banner", "Staple", "Poster Art", "Box Art",
    ]

    /// As it stands in the source's properties.
    let style: String
    private let shapes: Set<String>
    /// Nil leaves the choice to the service, which marks one picture as the primary one.
    private let kind: String?

    init(style: String) {
        self.style = style
        (shapes, kind) =
            switch style {
            case "portrait_banner": (["2x3", "3x4"], "Banner")
            case "landscape_iconic": (["16x9", "4x3"], "Iconic")
            case "landscape_banner": (["16x9", "4x3"], "Banner")
            case "square_iconic": (["1x1"], "Iconic")
            case "portrait_iconic": (["2x3", "3x4"], "Iconic")
            // What is chosen when the service recommends nothing.
            default: (["2x3", "3x4"], nil)
            }
    }

    /// Whose artwork is asked for: episodes have that of their series.
    static func owner(of programme: String) -> String {
        guard programme.hasPrefix("EP"), programme.utf8.count == 14 else { return programme }
        return "SH\(programme.dropFirst(2).prefix(8))0000"
    }

    /// The best of a programme's pictures, as a whole address; nil when there is none.
    ///
    /// The right shape and kind come first, then what is wide enough to be looked at, then the service's own choice, then
    /// the widest.
    func address(_ images: [JSONObject], base: String) -> String? {
        let best = images.filter { $0.text("uri") != nil }.max { rank($0).lexicographicallyPrecedes(rank($1)) }
        guard let path = best?.text("uri") else { return nil }
        if path.contains("://") { return path.hasPrefix("http://") || path.hasPrefix("https://") ? path : nil }
        return "\(base)/image/\(path)"
    }

    /// More is better, from left to right.
    private func rank(_ image: JSONObject) -> [Int] {
        let category = image.text("category") ?? ""
        let isPoster = Self.posters.contains(category)
        let isPrimary =
            ["true", "1", "yes"].contains(image.text("primary")?.lowercased() ?? "") || image["primary"]?.bool == true
        let hasShape = shapes.contains(image.text("aspect") ?? "")
        let width = image["width"].flatMap(XtreamStream.number) ?? 0
        let fit: Int
        if let kind {
            let isKind = category == kind || (kind == "Banner" && category.hasPrefix("Banner-L"))
            fit = hasShape ? (isKind ? 4 : isPoster ? 3 : 2) : isPrimary && isPoster ? 1 : 0
        } else {
            fit = isPrimary ? (isPoster ? 4 : 3) : hasShape ? (category == "Iconic" ? 2 : 1) : 0
        }
        let comfort = [240, 135, 120].firstIndex { width >= $0 }.map { 3 - $0 } ?? 0
        return [fit, comfort, isPrimary ? 1 : 0, width]
    }
}

extension DirectRefresh {
    /// The service takes no more programmes in one question about artwork.
    private static let artworksPerQuestion = 500

    /// Reads the artwork of what has none, when the source's `fetch_posters` asks for it.
    ///
    /// The guide is seen before this and stays when it fails: a picture is an ornament. What was written by then stays
    /// too, and the next refresh goes on from there.
    ///
    /// - Returns: Showings that got artwork.
    func readArtwork(only guide: Int?, _ server: DirectServer, _ run: Run) async throws -> Int {
        let properties = run.source.properties
        guard properties["fetch_posters"]?.bool == true else { return 0 }
        let artwork = DirectArtwork(style: properties["poster_style"]?.string ?? DirectArtwork.recommended)
        await run.say(96, "Fetching program artwork...")
        var count = 0
        do {
            while true {
                let showings = try await store.showingsWithoutArtwork(
                    source: run.source.id, only: guide, style: artwork.style)
                guard !showings.isEmpty else { return count }
                let byOwner = Dictionary(grouping: showings) { DirectArtwork.owner(of: $0.programme) }
                for owners in byOwner.keys.sorted().chunks(of: Self.artworksPerQuestion) {
                    let found = Found()
                    try await server.list("metadata/programs", .array(owners.map(JSONValue.string))) { elements in
                        for element in elements {
                            guard let owner = element.text("programID"), let images = element["data"]?.array,
                                let address = artwork.address(images.compactMap(\.object), base: server.base)
                            else { continue }
                            await found.add(owner, address)
                        }
                    }
                    let addresses = await found.addresses
                    let answers = owners.flatMap { owner in
                        (byOwner[owner] ?? []).map { (showing: $0.id, url: addresses[owner]) }
                    }
                    try await store.keepArtwork(answers, style: artwork.style)
                    count += answers.count { $0.url != nil }
                }
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning(
                "artwork was not read to the end; the guide is whole, and the next refresh goes on with it",
                metadata: ["source": "\(run.source.id)", "error": "\(error)"])
            return count
        }
    }

    private actor Found {
        var addresses: [String: String] = [:]
        func add(_ owner: String, _ address: String) { addresses[owner] = address }
    }
}
