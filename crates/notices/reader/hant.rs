//! Traditional characters to simplified ones, so that one lexicon serves both.
//!
//! Only characters that occur in the words of this field are here; a character that is missing merely
//! leaves a service name as it was written. One traditional character stands before its simplified one.

use std::sync::OnceLock;

const PAIRS: &str = "\
機机應应網网絡络務务業业維维護护修修檢检統统系系級级換换關关閉闭開开啟启啓启復复恢恢復复暫暂時时間间\
週周禮礼號号點点鐘钟個个處处辦办稅税單单證证據据訊讯設设備备電电腦脑話话線线資资訂订擬拟於于將将\
從从後后前前內内來来過过還还進进運运達达遲迟遷迁選选遠远連连邊边這这那那應应當当對对無无為为與与並并\
僅仅傳传價价優优儲储億亿儘尽兩两冊册凍冻別别劃划則则剛刚劑剂動动勞劳勢势匯汇區区協协卻却廠厂參参雙双\
發发髮发變变敘叙呂吕員员問问啞哑喚唤嗎吗園园圍围國国圖图團团執执報报場场塊块壞坏壓压壘垒壽寿夠够夢梦\
頭头奪夺奧奥婦妇學学寧宁實实審审寫写寬宽導导專专尋寻屆届屬属層层歲岁島岛峽峡崗岗帶带師师帳帐幣币幫帮\
幹干幾几庫库廣广廳厅張张強强彈弹彙汇後后徵征徹彻愛爱態态慣惯慮虑憑凭懷怀戰战戶户拋抛擋挡擔担擇择擊击\
據据擴扩擾扰攝摄攜携敗败數数斷断於于昇升暢畅曆历會会東东條条極极構构標标樣样樓楼樞枢機机權权橫横檔档\
歡欢歐欧歸归殘残毀毁氣气決决沒没況况洩泄測测準准溝沟滅灭滯滞滿满漁渔濟济灣湾災灾為为無无煩烦熱热營营\
爐炉爭争爾尔牆墙狀状獨独獲获獎奖環环現现瑣琐產产畢毕畫画異异疊叠療疗盡尽監监盤盘礎础確确碼码禍祸積积\
穩稳窮穷竄窜競竞筆笔簡简簽签籤签籌筹糧粮約约級级納纳紙纸細细終终組组結结給给絕绝經经綜综綠绿維维網网\
緊紧緒绪緣缘編编緩缓練练縣县縮缩總总績绩織织繳缴繼继續续罰罚罷罢職职聯联聲声聽听肅肃脫脱腳脚臨临臺台\
與与興兴舉举舊旧舖铺艙舱藝艺藥药蘭兰號号虧亏蟲虫術术衛卫衝冲補补裝装裡里裏里製制複复見见規规視视覽览\
觀观覺觉觸触計计訊讯討讨訓训託托記记訪访設设許许訴诉診诊註注詐诈評评詞词詢询試试詩诗話话該该詳详認认\
誌志語语誤误說说誰谁課课調调談谈請请論论諮咨諸诸證证識识譜谱警警譯译議议護护讀读變变讓让豐丰貝贝負负\
財财貢贡貨货販贩責责貯贮貳贰貴贵買买貸贷費费貼贴賀贺資资賓宾賞赏賠赔賣卖質质賬账賴赖購购贈赠贊赞贓赃\
趕赶趨趋跡迹踐践躍跃車车軌轨軍军軟软較较載载輔辅輕轻輛辆輪轮輸输轄辖轉转辭辞辦办農农遊游運运過过達达\
違违遞递遲迟適适遺遗鄉乡郵邮鄰邻醫医釋释里里釐厘鋪铺鉤钩銀银銷销錄录錢钱錯错鍵键鎖锁鏈链鐵铁鑑鉴鑒鉴\
長长門门閃闪閉闭開开閒闲間间閱阅闆板關关闢辟陣阵陸陆陽阳際际隨随險险隱隐隻只雖虽雜杂離离難难雲云電电\
霧雾靈灵靜静響响頁页頂顶項项順顺須须預预領领頒颁頗颇頻频題题額额顆颗願愿顛颠類类顧顾顯显風风飛飞餐餐\
餘余館馆駐驻駕驾驗验騰腾驟骤驚惊體体髒脏鬆松鬥斗鬧闹魚鱼鮮鲜鹽盐麗丽麥麦麼么黃黄點点黨党齊齐齡龄\
淩凌昇升佈布佔占併并係系倖幸傢家傷伤僑侨償偿勵励務务兇凶減减湊凑淨净淺浅測测滬沪潔洁潛潜澤泽濃浓濾滤\
瀏浏爛烂獻献琺珐瓊琼癥症皺皱盜盗眾众睏困矯矫祕秘禦御種种稱称穀谷穫获窩窝竊窃範范築筑節节糾纠紀纪純纯\
紐纽紋纹紛纷紮扎累累紹绍統统絲丝緝缉緯纬縫缝繁繁繫系缺缺羅罗義义聞闻脈脉腫肿膽胆艱艰荊荆莊庄華华萬万\
葉叶著着蓋盖蔣蒋蕭萧薦荐蘇苏虛虚蝕蚀融融行行裂裂詔诏譽誉豎竖賦赋贏赢趙赵躉趸軸轴輯辑輝辉轟轰辯辩邏逻\
鄭郑鄧邓釘钉針针釣钓鈔钞鈴铃鉛铅銅铜鋁铝鋼钢錦锦錨锚鎮镇鏡镜鐘钟鑰钥閘闸閣阁閩闽閘闸闊阔陝陕陰阴陳陈\
隊队階阶隆隆雞鸡韌韧韓韩頓顿飯饭飲饮飾饰養养駁驳駛驶騎骑騙骗鬱郁鳥鸟鴻鸿鵬鹏龍龙龐庞汙污週周爲为裏里\
甦苏佇伫僱雇匱匮滙汇喫吃囑嘱墊垫奮奋嬰婴孫孙屍尸巖岩弔吊彥彦恆恒悅悦慶庆憂忧憶忆懇恳懸悬戲戏揀拣揚扬\
換换損损搖摇搶抢撥拨擁拥攔拦攤摊敵敌曉晓曬晒朧胧椿椿楊杨榮荣樂乐樹树橋桥櫃柜欄栏歷历殺杀毆殴汎泛沖冲\
潰溃濕湿灑洒燈灯燒烧牽牵犧牺獅狮瑪玛璽玺甕瓮矽硅礙碍礦矿祿禄禪禅稜棱窪洼筍笋簾帘籃篮粵粤糞粪絞绞綁绑\
綱纲緻致縱纵纖纤罈坛羈羁翹翘聖圣聰聪肇肇膠胶臉脸艦舰芻刍蔭荫蟻蚁襲袭訝讶誠诚謀谋謝谢謹谨譴谴貿贸賭赌\
跨跨蹤踪軀躯輻辐遷迁邁迈釁衅鈕钮鉅巨銘铭鋒锋錶表鍋锅鍊链鐳镭鑽钻閥阀闡阐阱阱隸隶霑沾韻韵頸颈飼饲饋馈\
驅驱驢驴髏髅鬚须魯鲁鯨鲸鶴鹤齒齿";

/// The simplified form of `c`, or `c` itself.
pub(super) fn simplified(c: char) -> char {
    static TABLE: OnceLock<Vec<char>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut pairs = PAIRS.chars();
        let mut table: Vec<char> = ('\u{4e00}'..='\u{9fff}').collect();
        while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
            if let Some(slot) = index(from).and_then(|at| table.get_mut(at)) {
                *slot = to;
            }
        }
        table
    });
    index(c).and_then(|at| table.get(at)).copied().unwrap_or(c)
}

/// The place of a character among the unified ideographs.
fn index(c: char) -> Option<usize> {
    (c as usize).checked_sub(0x4e00)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_whole_and_their_targets_are_simplified() {
        assert_eq!(PAIRS.chars().count() % 2, 0);
        for target in PAIRS.chars().skip(1).step_by(2) {
            assert_eq!(simplified(target), target, "{target} is a target and a source");
        }
    }

    #[test]
    fn the_words_of_a_notice_become_simplified() {
        let text: String = "維護時間啟用恢復暫停網路週五".chars().map(simplified).collect();
        assert_eq!(text, "维护时间启用恢复暂停网路周五");
    }
}
