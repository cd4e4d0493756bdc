import Catalog
import CeleryProtocol
import Foundation
import Testing

@testable import API

@Suite("Plugin hub's values") struct HubValueTests {
    @Test(arguments: [
        ("1.2.3", "1.2.3", 0), ("v1.2.3", "1.2.3", 0), ("1.2", "1.2.0", 0), ("1.10.0", "1.9.9", 1),
        ("0.28", "0.29", -1),
        ("", "1", 0), ("1", "", 0), ("1.0-beta", "1.0-beta", 0), ("1.0-beta", "1.0", 1), ("1.0", "2.0-rc1", 1),
        ("1..2", "1..2", 0), ("99999999999999999999", "1", 1),
    ])
    func `versions are compared part by part`(first: String, second: String, expected: Int) {
        #expect(HubVersion.compare(first, second) == expected)
    }

    @Test func `a plugin for other versions is told which`() {
        #expect(HubVersion.misfit(minimum: "0.20.0", maximum: "0.29.0") == nil)
        #expect(HubVersion.misfit(minimum: "", maximum: "") == nil)
        #expect(
            HubVersion.misfit(minimum: "0.30.0", maximum: "")
                == "This plugin version requires Dispatcharr 0.30.0 or newer (you have 0.29.0)")
        #expect(
            HubVersion.misfit(minimum: "", maximum: "v0.28.1")
                == "This plugin version requires Dispatcharr v0.28.1 or older (you have 0.29.0)")
    }

    @Test func `plugins' Python names the same version`() throws {
        var folder = URL(filePath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
            folder.deleteLastPathComponent()
        }
        let text = try String(
            contentsOf: folder.appending(path: "Sources/PluginRuntime/Python/version.py"), encoding: .utf8)
        #expect(text.contains("__version__ = \"\(HubVersion.dispatcharr)\""))
    }

    @Test(arguments: [
        ("my-plugin", "my_plugin"), ("My Plugin", "my_plugin"), ("a/b/c.d", "c_d"), ("__x__", "x"), ("ÄÖ", "plugin"),
        ("", "plugin"), ("../..", "plugin"), (String(repeating: "a", count: 200), String(repeating: "a", count: 128)),
    ])
    func `slugs become folders' names`(slug: String, key: String) {
        #expect(HubOffers.key(of: slug) == key)
    }

    @Test(arguments: [
        ("Official", true), ("My OFFICIAL repo", true), ("Dispatcharr Plugins", true), ("The dispatcharr repo", true),
        ("Dispatcharr add-ons", false), ("Home Plugins", false),
    ])
    func `names that sound official are known`(name: String, isRefused: Bool) {
        #expect(HubManifest.soundsOfficial(name) == isRefused)
    }

    @Test(arguments: [
        "null", "[]", "{}", #"{"manifest":{}}"#, #"{"manifest":{"plugins":{}}}"#, #"{"plugins":[1]}"#,
        #"{"plugins":[{"slug":""}]}"#, #"{"plugins":[{"slug":"a"},{"name":"b"}]}"#, #"{"plugins":[{"slug":7}]}"#,
    ])
    func `what is no manifest is refused with the place`(text: String) throws {
        let json = try JSONValue(parsing: text)
        #expect(throws: HubError.self) { try HubManifest(fetched: json) }
    }

    @Test func `a manifest may come flat or with its signature beside it`() throws {
        let flat = try HubManifest(fetched: ["plugins": [["slug": "a"]], "registry_name": " Home\n"])
        #expect(flat.document["manifest"]?["plugins"]?[0]?["slug"] == "a")
        #expect(flat.registryName == "Home" && flat.signature == nil && flat.offers.count == 1)
        let framed = try HubManifest(fetched: ["manifest": ["plugins": []], "signature": "S"])
        #expect(framed.signature == "S" && framed.offers.isEmpty)
    }

    @Test func `both spellings of letters beyond ASCII are signed forms`() {
        let forms = HubManifest.signedForms(of: ["name": "é😀", "n": 1.50])
        let texts = forms.map { String(decoding: $0, as: UTF8.self) }
        #expect(texts == ["{\"name\":\"é😀\",\"n\":1.5}\n", "{\"name\":\"\\u00e9\\ud83d\\ude00\",\"n\":1.5}\n"])
        #expect(HubManifest.signedForms(of: ["a": "b"]).count == 1)
    }

    @Test func `addresses are made whole, and nothing but the web's is a link`() {
        #expect(HubManifest.webAddress("a/b.zip", below: "https://h/x") == "https://h/x/a/b.zip")
        #expect(HubManifest.webAddress("HTTP://o/b.zip", below: "https://h/x") == "HTTP://o/b.zip")
        #expect(HubManifest.webAddress("javascript:alert(1)", below: "") == "")
        #expect(HubManifest.webAddress("javascript:alert(1)") == "")
        #expect(HubManifest.webAddress("//evil.example/x", below: "https://h") == "https://h///evil.example/x")
        #expect(HubManifest.webAddress(7, below: "https://h") == "")
        let manifest = HubManifest(stored: ["manifest": ["root_url": "https://r//", "metadata_base_url": "file:///x"]])
        #expect(manifest.downloadBase == "https://r" && manifest.metadataBase == "https://r")
    }
}
