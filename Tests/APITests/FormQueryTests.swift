import Testing

@testable import API

@Suite("Form query") struct FormQueryTests {
    @Test(arguments: [
        ("text=two+words", "two words"), ("text=two%20words", "two words"), ("text=1%2B1", "1+1"), ("text=", ""),
        ("text", ""), ("a=b&text=x&text=y", "x"), ("te%78t=x", "x"), ("text=a=b", "a=b"), ("text=100%", "100%"),
        ("text=%zz", "%zz"), ("text=%+1", "% 1"), ("text=%ff+x", "%ff+x"), ("text=%C3%A4", "ä"), ("&&text=x", "x"),
    ])
    func `a value is read as forms write it`(query: String, value: String) {
        #expect(FormQuery(query).first("text") == value)
    }

    @Test func `a name that is not there has no value`() {
        #expect(FormQuery("tex=1&texts=2&=text").first("text") == nil)
        #expect(FormQuery("").first("text") == nil)
    }
}
