extension GuideNames {
    /// Written after the method was settled, and not used to change it.
    static let unseen = read(
        """
        UK✦ BBC1 SCOTLAND FHD|bbconescotland.uk
        GB: ITV HD 1|itv1.uk
        UK: SKY SPORTS MAIN EVENT ʜᴅ|skysportsmainevent.uk
        Sky Sports Prem League|skysportspremierleague.uk
        SKY SP NEWS|
        UK| MORE4+1|
        UK: COMEDY CENTRAL +1|
        Eurosport 1 DE|
        EUROSPORT2 UK|eurosport2.uk
        US| Fox Sports 1 (FS1)|foxsports1.us
        Fox Soccer Plus|
        US: NICK JR|
        ESPN NEWS HD|espnews.us
        HBO FAMILY EAST|hbofamily.us
        HBO 2 East HD|hbo2.us
        US - Starz Encore Action|
        US: CARTOON NETWORK EAST|cartoonnetwork.us
        USA: History HD|history.us
        DE | SAT.1 FHD (GEO)|sat1.de
        DE | ProSieben Fun|
        DE: VOX UP HD|voxup.de
        DE: RTLup|rtlplus.de
        WELT HD|welt.de
        DE: Sky Sport Bundesliga HD 1|skysportbundesliga1.de
        FR: FRANCE INFO|franceinfo.fr
        FR: Canal+ Cinema(s) 4K|canalpluscinema.fr
        FR: CANAL+ SPORT 360|
        IT: RAI 4 HD|
        IT: LA7 HD|la7.it
        ES: LASEXTA FHD|lasexta.es
        ES: DAZN 1|
        NL: RTL7 FHD|rtl7.nl
        NL: NPO1 4K|npo1.nl
        PL: TVN24 HD|tvn24.pl
        PL: POLSAT SPORT 2|
        SE: SVT1 HD|svt1.se
        TV4 HD SE|tv4.se
        NBC Sports Boston|
        CNN HD (UK)|
        MTV Music 24|
        Sky Cinema Comedy ᴴᴰ|skycinemacomedy.uk
        Discovery Turbo HD [UK]|discoveryturbo.uk
        Nat Geo|natgeo.uk
        National Geographic Wild|natgeowild.uk
        TLC UK HD|
        """)
}
