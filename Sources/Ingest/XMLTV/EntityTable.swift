import CLibXML2

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// HTML's named entities in the form libxml2 wants, made when first met.
///
/// In text the parser takes "predefined" entities as they are. In attributes it would keep only their first
/// byte, so there it gets a general entity, leaves the reference (`&eacute;`) standing, and `resolve` reads it.
final class EntityTable {
    /// Stands for what nobody knows: no text.
    let nothing: xmlEntityPtr

    private var text: [String: xmlEntityPtr] = [:]
    private var attribute: [String: xmlEntityPtr] = [:]

    init() { nothing = Self.make("", content: "", XML_INTERNAL_PREDEFINED_ENTITY) }

    deinit {
        for entity in [nothing] + text.values + attribute.values {
            free(UnsafeMutablePointer(mutating: entity.pointee.name))
            free(entity.pointee.content)
            entity.deallocate()
        }
    }

    func entity(_ pointer: UnsafePointer<xmlChar>, inAttribute: Bool) -> xmlEntityPtr? {
        let name = String(cString: pointer)
        if let known = inAttribute ? attribute[name] : text[name] { return known }
        guard let character = Self.character(name) else { return nil }
        let made = Self.make(
            name, content: String(character), inAttribute ? XML_INTERNAL_GENERAL_ENTITY : XML_INTERNAL_PREDEFINED_ENTITY
        )
        if inAttribute { attribute[name] = made } else { text[name] = made }
        return made
    }

    /// An attribute's value with its references read.
    ///
    /// A plain "&" stands there as `&#38;`.
    func resolve(_ bytes: Slice<UnsafeBufferPointer<xmlChar>>) -> String {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: "&", omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts.first ?? "")) { result, part in
            guard let end = part.firstIndex(of: ";") else { return result += "&" + part }
            let name = String(part[..<end])
            if name == "#38" {
                result += "&"
            } else if let character = Self.character(name) {
                result.append(character)
            }
            result += part[part.index(after: end)...]
        }
    }

    private static func character(_ name: String) -> Character? {
        name.withCString { pointer in
            pointer.withMemoryRebound(to: xmlChar.self, capacity: name.utf8.count + 1) { htmlEntityLookup($0) }
        }.flatMap { Unicode.Scalar($0.pointee.value) }.map(Character.init)
    }

    private static func make(_ name: String, content: String, _ kind: xmlEntityType) -> xmlEntityPtr {
        let entity = xmlEntityPtr.allocate(capacity: 1)
        entity.initialize(to: xmlEntity())
        entity.pointee.type = XML_ENTITY_DECL
        entity.pointee.etype = kind
        entity.pointee.name = UnsafePointer(copy(name))
        entity.pointee.content = copy(content)
        entity.pointee.length = Int32(content.utf8.count)
        // "Has been looked at and holds no <": otherwise the parser would parse the text again.
        entity.pointee.checked = 2
        return entity
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<xmlChar>? {
        strdup(text).map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: xmlChar.self) }
    }
}
