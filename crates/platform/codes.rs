//! The business codes of `docs/platform.md`, in one table.

use hyper::StatusCode;

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $zh:literal, $en:literal;)*) => {
        /// A business code: what `code` in the envelope says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $en] $name,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The four digits.
            pub fn digits(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The HTTP status that goes with the code.
            pub fn status(self) -> StatusCode {
                let status = match self { $(Code::$name => $status,)* };
                StatusCode::from_u16(status).expect("the table holds valid statuses only")
            }

            /// The message in Chinese or English.
            pub fn message(self, english: bool) -> &'static str {
                match self { $(Code::$name => if english { $en } else { $zh },)* }
            }
        }
    };
}

codes! {
    Success = "0000", 200, "成功", "success";
    BadAccountField = "1001", 400, "账户信息填写有误", "a field of the account is malformed";
    MobileTaken = "1002", 409, "该手机号已注册", "the mobile number is already registered";
    BadSmsCode = "1003", 400, "短信验证码错误或已失效", "SMS code wrong, used or expired";
    BadPassword = "1004", 401, "手机号或密码错误", "mobile number or password wrong";
    BadToken = "1005", 401, "登录已失效，请重新登录", "token missing, unknown or expired";
    NoSmsCode = "1006", 404, "该手机号没有待用的验证码", "no SMS code is waiting for this number";
    NotOwner = "1007", 403, "只有上传人可以操作该发票", "not the owner of the invoice";
    KindForbids = "1008", 403, "该账户类型不可进行此操作", "this kind of account may not do that";
    NoAccount = "1009", 404, "该手机号未注册", "no account with this mobile number";
    BadField = "2001", 400, "发票信息缺失或有误", "a field is missing or malformed";
    NumberTaken = "2002", 409, "该发票号码已上传", "the number has been uploaded already";
    BadFileType = "2003", 415, "文件须为 PDF、JPG 或 PNG", "the file is not PDF, JPG or PNG";
    TooLarge = "2004", 413, "文件过大", "the file or body is too large";
    BrokenMultipart = "2005", 400, "上传内容不完整", "the multipart body is broken or cut short";
    NotRejected = "2006", 409, "仅审核不通过的发票可重新提交", "only a rejected invoice can be resubmitted";
    NotAccepted = "2007", 409, "仅审核通过的发票可作废或红冲", "only an accepted invoice can be voided or red-flushed";
    NotSubmitted = "2008", 404, "本平台未收到该发票", "no invoice of this number was submitted here";
    NotFound = "3001", 200, "未查询到该发票", "no such record";
    NoRegion = "3002", 400, "地区代码不存在", "no such region";
    Mismatch = "3101", 200, "发票信息不一致", "details differ";
    NoSuchInvoice = "3102", 200, "查无此票", "no such invoice";
    OverLimit = "3103", 200, "超过该张发票当日查验次数", "over the daily limit for this invoice";
    IssuedToday = "3104", 200, "当日开具的发票次日可查验", "issued today, not yet checkable";
    TooOld = "3105", 200, "仅可查验近五年的发票", "issued more than five years ago";
    Voided = "3106", 200, "该发票已作废", "voided";
    RedFlushed = "3107", 200, "该发票已红冲", "red-flushed";
    BeingChecked = "3108", 200, "正在查验，请稍后再试", "being checked, ask again shortly";
    BadRequest = "4000", 400, "请求无法识别", "the request cannot be understood";
    NoPath = "4004", 404, "接口地址不存在", "no such path";
    NoMethod = "4005", 405, "请求方法不支持", "method not allowed here";
    TooSlow = "4008", 408, "请求超时", "the request took too long to arrive";
    BadContentType = "4015", 415, "不支持的内容类型", "wrong content type";
    TooMany = "4029", 429, "请求过于频繁", "too many requests";
    ServerFault = "5000", 500, "系统异常", "server fault";
    MaintenanceCode = "5001", 200, "系统维护中", "system maintenance";
    Maintenance = "5003", 503, "系统维护中，请稍后再试", "system maintenance, try again later";
    Overloaded = "5004", 503, "系统繁忙", "overloaded, the queue is full";
    NoBatch = "6001", 404, "该批次不存在", "no batch of this key";
    BatchDiffers = "6002", 409, "该批次号已用于其他内容", "this batch key was used with other content";
    BatchTooLong = "6003", 413, "批次条目过多", "the batch has too many items for this account";
    BadWeather = "7001", 400, "天气设置无法识别", "the weather cannot be understood";
}
